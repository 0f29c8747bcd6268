"""The tests; `conftest` holds what they share."""
