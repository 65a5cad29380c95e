"""Synchronizes the threads of a host: cancellation, turns, timers, work in the background and a ticker."""
