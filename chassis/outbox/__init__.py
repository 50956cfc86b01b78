"""From the outbox to the consumers: by the broker (relay loops) and, for the crisis class, by RPC.

`relay.RelayLoop` publishes one class, `courier.Courier` calls consumers directly, and
`receipts.ReceiptLoop` repeats such calls until every consumer has the event. `main.relay_main` is
the process. None of them waits for another.
"""
