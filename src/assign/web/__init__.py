"""
The counter's doors over HTTP: the API, the page, AuthZEN. `assign serve` starts it; the extra is `web`.

`app` puts it together; each module has one family of addresses. What they answer is the desk's, byte for byte what `--json` prints.
"""
