"""Accounts: signing up, signing in, second factors, roles and organisations."""
