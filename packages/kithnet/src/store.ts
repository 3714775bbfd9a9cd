export * from '@kithnet/store'
