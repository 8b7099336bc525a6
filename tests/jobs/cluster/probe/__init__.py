"""An app of the tests: jobs that leave traces."""
