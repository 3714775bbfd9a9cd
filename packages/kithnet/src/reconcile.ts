export * from '@kithnet/reconcile'
