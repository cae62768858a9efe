"""A local KSeF 2.0: the API over HTTP with real cryptography, for demo and tests.

Standard library, ``cryptography`` and ``lxml`` only. Runs as a process of its own:
``python3 -m simulator --port 0``. Nothing in it is used by the addon at run time.
"""
