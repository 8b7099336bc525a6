"""The HTTP API: verbs by ninja, nouns by Django REST framework, one boundary and one document for both."""
