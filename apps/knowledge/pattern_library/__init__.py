"""The patterns that come with the platform: a Markdown file each, in the form that ``engine.pattern_format`` reads."""
