export * from '@kithnet/fountain'
