"""What the threads of a host wait with: cancellation, turns, timers and a ticker."""
