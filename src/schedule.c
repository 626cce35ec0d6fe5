/* SPDX-License-Identifier: MIT */
#include "schedule.h"

#include "error.h"

#include <math.h>

static const double half_pi = 0x1.921fb54442d18p+0;

/* --- Checks ------------------------------------------------------------------- */

static mlp_status check_factor(const mlp_schedule *schedule, mlp_error *error)
{
    if (!(schedule->factor > 0 && schedule->factor <= 1))
        return mlp_fail(error, MLP_ERROR_USAGE,
                        "the schedule's factor is %g, expected above 0 to 1", schedule->factor);
    return MLP_OK;
}

static mlp_status check_every(const mlp_schedule *schedule, mlp_error *error)
{
    if (schedule->every == 0)
        return mlp_fail(error, MLP_ERROR_USAGE,
                        "the schedule acts after every 0 epochs, expected at least 1");
    return check_factor(schedule, error);
}

mlp_status mlp_schedule_check(const mlp_schedule *schedule, mlp_error *error)
{
    switch (schedule->kind) {
    case MLP_SCHEDULE_CONSTANT:
    case MLP_SCHEDULE_ONE_CYCLE:
        return MLP_OK;
    case MLP_SCHEDULE_STEP:
    case MLP_SCHEDULE_PLATEAU:
        return check_every(schedule, error);
    case MLP_SCHEDULE_EXPONENTIAL:
        return check_factor(schedule, error);
    case MLP_SCHEDULE_COSINE:
        if (!(schedule->floor >= 0 && schedule->floor <= 1))
            return mlp_fail(error, MLP_ERROR_USAGE, "the schedule's floor is %g, expected 0 to 1",
                            schedule->floor);
        return MLP_OK;
    }
    return mlp_fail(error, MLP_ERROR_USAGE, "unknown schedule %d", (int)schedule->kind);
}

/* --- Functions ------------------------------------------------------------------ */

/* x^n by squaring. */
static double power(double x, size_t n)
{
    double result = 1;
    for (; n > 0; n /= 2) {
        if (n % 2 == 1)
            result *= x;
        x *= x;
    }
    return result;
}

/* Taylor's polynomials, for x in [0, pi / 4]: what is left out is below 2^-56 of the result. */
static double sine(double x)
{
    const double s = x * x;
    double p = 1.0 / 355687428096000; /* 17! */
    p = p * s - 1.0 / 1307674368000;
    p = p * s + 1.0 / 6227020800;
    p = p * s - 1.0 / 39916800;
    p = p * s + 1.0 / 362880;
    p = p * s - 1.0 / 5040;
    p = p * s + 1.0 / 120;
    p = p * s - 1.0 / 6;
    return x + x * s * p;
}

static double cosine(double x)
{
    const double s = x * x;
    double p = 1.0 / 20922789888000; /* 16! */
    p = p * s - 1.0 / 87178291200;
    p = p * s + 1.0 / 479001600;
    p = p * s - 1.0 / 3628800;
    p = p * s + 1.0 / 40320;
    p = p * s - 1.0 / 720;
    p = p * s + 1.0 / 24;
    p = p * s - 0.5;
    return 1 + s * p;
}

/* (1 + cos(pi n / d)) / 2 = cos(pi n / 2d)^2 for 0 <= n <= d, which goes from 1 to 0: as a square,
 * because 1 + cos would cancel near the end. */
static double fall(double n, double d)
{
    double root = 2 * n <= d ? cosine(half_pi * (n / d)) : sine(half_pi * ((d - n) / d));
    return root * root;
}

/* Ends of the cycle as PyTorch has them: the rise is over at step 0.3 total - 1, the
 * descent at step total - 1; tenths of a step, so that they are whole numbers. */
static double one_cycle(double step, double total)
{
    const double start = 1.0 / 25, end = start / 10000;
    double peak = 3 * total - 10, last = 10 * total - 10, at = 10 * step;
    if (at >= last)
        return end;
    if (at <= peak)
        return 1 + (start - 1) * fall(at, peak);
    return end + (1 - end) * fall(at - peak, last - peak);
}

/* --- The schedule ---------------------------------------------------------------- */

struct mlp_schedule_state mlp_schedule_begin(const mlp_train_options *options, size_t epoch_steps)
{
    return (struct mlp_schedule_state){
        .schedule = options->schedule,
        .learning_rate = options->learning_rate,
        .epoch_steps = epoch_steps,
        .epochs = options->epochs,
        .lowest = INFINITY,
    };
}

/* What the learning rate is multiplied by, warm-up aside. */
static double scheduled(const struct mlp_schedule_state *state, size_t step)
{
    const mlp_schedule *schedule = &state->schedule;
    size_t epoch = step / state->epoch_steps;
    double total = (double)state->epochs * (double)state->epoch_steps;
    double done = (double)step < total ? (double)step : total;
    switch (schedule->kind) {
    case MLP_SCHEDULE_CONSTANT:
        break;
    case MLP_SCHEDULE_STEP:
        return power(schedule->factor, epoch / schedule->every);
    case MLP_SCHEDULE_EXPONENTIAL:
        return power(schedule->factor, epoch);
    case MLP_SCHEDULE_COSINE:
        return schedule->floor + (1 - schedule->floor) * (total > 0 ? fall(done, total) : 1);
    case MLP_SCHEDULE_ONE_CYCLE:
        return one_cycle(done, total);
    case MLP_SCHEDULE_PLATEAU:
        return power(schedule->factor, state->drops);
    }
    return 1;
}

double mlp_schedule_rate(const struct mlp_schedule_state *state, size_t step)
{
    double rate = state->learning_rate * scheduled(state, step);
    size_t warmup = state->schedule.warmup_steps;
    if (step < warmup)
        rate *= ((double)step + 1) / ((double)warmup + 1);
    return rate;
}

void mlp_schedule_end_epoch(struct mlp_schedule_state *state, double loss)
{
    if (loss < state->lowest) {
        state->lowest = loss;
        state->waited = 0;
        return;
    }
    if (state->schedule.kind == MLP_SCHEDULE_PLATEAU && ++state->waited >= state->schedule.every) {
        state->drops++;
        state->waited = 0;
    }
}
