/* SPDX-License-Identifier: MIT */
/* Compares two runs: mlp-bench --compare OLD.json NEW.json.
 *
 * Repetitions of one run resemble each other more than they resemble those of
 * another run: the clock, the neighbours and the places of arrays in physical
 * memory stay. A test that takes them for independent calls nearly every pair of
 * runs different. So a case is slower only where all of this speaks for it:
 *
 *  1. the medians' ratio and that of the minima, which other programs raise least,
 *     are above `limit`: 1 + threshold, times the greatest of these: 1.02 where
 *     the FMA units or the first cache bind a case of 16 FLOPs a byte or more,
 *     else 1.2, which is what runs of one build differ by; and the noise floors in the files, what
 * a run says of one case measured twice;
 *  2. the error bars of the medians' ratio lie above 1 + threshold: from the low
 *     end of the new median's interval over the high end of the old one's, and
 *     the other way round. The intervals are those of order statistics, of 95 %
 *     each, so that the bars have about 99 % (see bench_median_interval);
 *  3. p < 0.05 in the test of Mann and Whitney, corrected for the number of cases
 *     after Holm: that is the p in the table;
 *  4. the CPUs' time has risen by more than the threshold as well, and their share
 *     of the time has not fallen by more than 5 %: else another program had them;
 *  5. the share of the ceiling, measured beside each repetition, has fallen by
 *     more than the threshold as well: else the clock or the memory has changed.
 *
 * 4 and 5 count where the files have the figures. There must be 9 repetitions
 * (BENCH_MIN_REPS), of which at most a quarter were interrupted, which shows in the
 * CPUs' share of the time; else there is no verdict, and a warning. Near the core,
 * where FMA units or the first cache bind, the interrupted ones are set aside;
 * elsewhere all are kept, because an interruption leaves the caches cold. With old
 * and new exchanged, the same rule says what became faster. A case whose medians
 * differ by more than the threshold without a verdict is unsure.
 *
 * README.md has the rates of false alarms and of detection that were measured. */
#ifndef MLP_BENCH_COMPARE_H
#define MLP_BENCH_COMPARE_H

#include <mlp/status.h>

#include <stdbool.h>

/* Prints the table of the cases that both files have to stdout, and what makes
 * the files unlike each other to stderr. `threshold` is a share: 0.05 for 5 %.
 * *regressed tells whether a case is slower by the rule above; it stays false
 * where the files are from different machines. MLP_ERROR_USAGE where the
 * threshold is not from 0 to 10, MLP_ERROR_INTERNAL where a file cannot be read,
 * MLP_ERROR_DATA where one is not the result of a run or no case is in both. */
mlp_status bench_compare(const char *old_path, const char *new_path, double threshold,
                         bool *regressed, mlp_error *error);

#endif
