export * from '@kithnet/holonomic'
