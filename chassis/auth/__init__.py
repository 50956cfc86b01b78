"""Who calls and what they may: tokens, workload certificates, the option on each method."""
