"""What a process of a submission is kept from, by the kernel."""
