/* SPDX-License-Identifier: MIT */
/* SIGINT, SIGTERM and SIGHUP while a network trains. */
#ifndef MLP_CLI_INTERRUPT_H
#define MLP_CLI_INTERRUPT_H

/* From now on the first of these signals is only noted; a second one ends the
 * process at once, with exit code 128 + signal. A signal that is ignored stays
 * ignored. */
void interrupt_begin(void);

/* The signal that came, 0 so far. */
int interrupt_signal(void);

#endif
