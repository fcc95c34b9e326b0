"""What survives when brokers, processes and disks fail."""
