/* gate.h: a gate, for the programs of this directory (gate.c) */
#ifndef GATE_H
#define GATE_H

#include "harness.h"
#include "fixtures.h"

#define GATE_KEYS "[{\"key_id\":1,\"public_key\":\"" ISSUER_1 "\"}]"

/* Makes the codes. The clock is the system's, moved so that the program starts at NOW. */
void gate_begin(void);

/* posoffline_set_state_dir and init_pos_verify. */
int gate_start(const char *directory);

/* Codes by number, up to GATE_CODES, that stay in their window. The first GATE_READY are made at the beginning. */
enum { GATE_CODES = 60000, GATE_READY = 80 };
int gate_ride(uint32_t number);
int gate_legacy_ride(uint32_t number);
int gate_info(uint32_t number);
/* The record of the last code that was accepted. */
extern char gate_record[3072];

/* Writes a journal with so many expired entries, and so many unexpired ones. */
void gate_write_journal(const char *directory, uint32_t past, uint32_t live);
/* Its length in bytes; -1 if there is none. */
long gate_journal_size(const char *directory);

/* A file's path in a directory, until the next call. */
const char *gate_path(const char *directory, const char *name);

#endif
