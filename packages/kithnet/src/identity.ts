export * from '@kithnet/identity'
