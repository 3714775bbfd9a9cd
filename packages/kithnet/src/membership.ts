export * from '@kithnet/membership'
