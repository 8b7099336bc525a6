"""Consensus on recorded answers of models: how often each way of choosing is right, and how sure it may be."""
