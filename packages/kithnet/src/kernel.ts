export * from '@kithnet/kernel'
