export * from '@kithnet/wire'
