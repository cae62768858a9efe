"""Handlers of Latarnia, the public service that tells whether KSeF is available.

Source: KSeF API 2.0, section on Latarnia.
"""

from .exchange import json_response

AVAILABLE = "AVAILABLE"


def status(system, call):
    """Messages come along only when something is wrong."""
    told = system.settings.lighthouse
    state = told.get("status", AVAILABLE)
    answer = {"status": state}
    if state != AVAILABLE:
        answer["messages"] = told.get("messages", [])
    return json_response(200, answer)


def messages(system, call):
    return json_response(200, system.settings.lighthouse.get("messages", []))
