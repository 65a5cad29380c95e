"""Measured claims as commands: ``python -m benchmarks NAME`` prints ratios against something in the same run."""
