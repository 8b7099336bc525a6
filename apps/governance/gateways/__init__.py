"""What governance keeps outside the database."""
