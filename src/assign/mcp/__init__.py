"""
`assign mcp`: an assistant asks the desk over the Model Context Protocol (the extra `mcp`). It reads alone, and nothing is recorded.

The first face of a program that writes sentences of its own: so each answer carries its citations, and `INSTRUCTIONS` says what to do with them.
"""
