"""The environments of Python plugins that name packages of their own: requirements, locks, and what builds them."""
