"""Lets music players that speak the OpenSubsonic API use the library."""
