"""The way out to models: keys from the environment, the OpenAI protocol over HTTP."""
