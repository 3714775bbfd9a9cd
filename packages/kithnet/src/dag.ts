export * from '@kithnet/dag'
