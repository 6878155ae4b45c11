"""A sale from the inside: preparing, asking the provider, settling, and what recovery and webhooks do for it."""
