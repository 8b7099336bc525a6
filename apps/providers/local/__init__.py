"""
Small language models on this machine: fetched, checked, served, watched.

One process, ``python -m apps.providers.local``, does it all. It needs no Django and no database: what it knows lies
in ``$NOFX_HOME/models``, where the rest of the platform reads it (see ``state``).
"""
