export * from '@kithnet/types'
