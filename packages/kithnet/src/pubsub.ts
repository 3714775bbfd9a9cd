export * from '@kithnet/pubsub'
