export * from '@kithnet/transport'
