"""Providers that need no network, no key and no model."""
