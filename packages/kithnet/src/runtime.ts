export * from '@kithnet/runtime'
