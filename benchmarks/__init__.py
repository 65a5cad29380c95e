"""Claims about performance as commands: ``python -m benchmarks NAME`` prints ratios within one run."""
