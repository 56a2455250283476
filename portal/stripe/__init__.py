"""The one door to Stripe: the client, what we call through it, and the webhooks that come in."""
