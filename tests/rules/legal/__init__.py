"""Legal cases worked out by hand from INTERFACES §4bis, grouped by paragraph; `tests/rules/test_legal_cases.py` asks them."""
