export * from '@kithnet/overlay'
