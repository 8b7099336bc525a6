"""What the console does for people that needs both governance and the job ledger."""
