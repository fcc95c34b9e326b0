"""The Model Context Protocol: what the command line does, as tools, resources and prompts.

Nothing is decided here. Needs the extra ``mcp``.
"""
