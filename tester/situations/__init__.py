"""Which situations of Raft runs have met, noted as a run goes on."""
