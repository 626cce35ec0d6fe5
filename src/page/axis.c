/* SPDX-License-Identifier: MIT */
#include "axis.h"

#include <math.h>
#include <stdio.h>

static const double FARTHEST = 1e200; /* beyond it, differences overflow */
static const double CLOSEST = 1e-200;
static const double LOGARITHMIC_FROM = 20;

void axis_include(struct axis *axis, double value)
{
    if (!isfinite(value))
        return;
    value = axis->percent ? fmin(fmax(value, 0), 1) : fmin(fmax(value, -FARTHEST), FARTHEST);
    axis->low = axis->used ? fmin(axis->low, value) : value;
    axis->high = axis->used ? fmax(axis->high, value) : value;
    axis->used = true;
}

static void leave_room(struct axis *axis)
{
    double low = axis->low, high = axis->high, size = fmax(fabs(low), fabs(high));
    double room = 0.06 * (high - low);
    if (!(room > 1e-9 * size && room > CLOSEST))
        room = size > CLOSEST ? 0.1 * size : 0.5;
    axis->low = low - room;
    axis->high = high + room;
    if (low >= 0 && axis->low < 0) /* no room for what cannot be, such as a negative loss */
        axis->low = 0;
    if (axis->percent && high <= 1 && axis->high > 1)
        axis->high = 1;
}

void axis_finish(struct axis *axis, bool may_be_logarithmic)
{
    if (!axis->used)
        axis->high = 1;
    axis->logarithmic =
        may_be_logarithmic && axis->low > CLOSEST && axis->high / axis->low > LOGARITHMIC_FROM;
    if (axis->logarithmic) {
        double room = pow(axis->high / axis->low, 0.05);
        axis->low /= room;
        axis->high *= room;
    } else if (!axis->whole || axis->low >= axis->high) {
        leave_room(axis);
    }
}

double axis_position(const struct axis *axis, double value)
{
    double part;
    if (axis->logarithmic)
        part = log(value / axis->low) / log(axis->high / axis->low);
    else
        part = (value - axis->low) / (axis->high - axis->low);
    part = part > 0 ? part : 0;
    return axis->begin + (part < 1 ? part : 1) * (axis->end - axis->begin);
}

/* 1, 2 or 5 times a power of ten, `step` at least. */
static double round_up(double step)
{
    double power = pow(10, floor(log10(step)));
    double digit = step / power;
    return power * (digit <= 1 ? 1 : digit <= 2 ? 2 : digit <= 5 ? 5 : 10);
}

static size_t linear_ticks(const struct axis *axis, size_t most, double ticks[AXIS_TICKS])
{
    double step = round_up((axis->high - axis->low) / (double)(most - 1));
    if (axis->whole && step < 1)
        step = 1;
    double first = ceil(axis->low / step - 1e-9);
    size_t count = 0;
    while (count < most && (first + (double)count) * step <= axis->high + 1e-9 * step) {
        ticks[count] = (first + (double)count) * step;
        count++;
    }
    return count;
}

/* 1, 2 and 5 of every decade, or 1 and 3, or 1 alone of every, every second, ... decade. */
static size_t decade_ticks(const struct axis *axis, const double *digits, size_t digit_count,
                           int stride, size_t most, double ticks[AXIS_TICKS])
{
    size_t count = 0;
    double from = floor(log10(axis->low)), to = floor(log10(axis->high));
    for (double power = stride * floor(from / stride); power <= to; power += stride) {
        for (size_t d = 0; d < digit_count; d++) {
            double tick = digits[d] * pow(10, power);
            if (tick < axis->low * (1 - 1e-9) || tick > axis->high * (1 + 1e-9))
                continue;
            if (count == most)
                return most + 1;
            ticks[count++] = tick;
        }
    }
    return count;
}

static size_t logarithmic_ticks(const struct axis *axis, size_t most, double ticks[AXIS_TICKS])
{
    static const double DIGITS[] = {1, 2, 5}, TWO_DIGITS[] = {1, 3};
    size_t count = decade_ticks(axis, DIGITS, 3, 1, most, ticks);
    if (count > most)
        count = decade_ticks(axis, TWO_DIGITS, 2, 1, most, ticks);
    for (int stride = 1; count > most; stride++)
        count = decade_ticks(axis, DIGITS, 1, stride, most, ticks);
    return count;
}

size_t axis_ticks(const struct axis *axis, size_t most, double ticks[AXIS_TICKS])
{
    return axis->logarithmic ? logarithmic_ticks(axis, most, ticks)
                             : linear_ticks(axis, most, ticks);
}

const char *axis_label(const struct axis *axis, const double *ticks, size_t count, size_t tick,
                       char text[AXIS_LABEL])
{
    double factor = axis->percent ? 100 : 1, value = ticks[tick] * factor;
    double step = count > 1 ? (ticks[1] - ticks[0]) * factor : fabs(value);
    double size = fmax(fabs(ticks[0]), fabs(ticks[count - 1])) * factor;
    const char *unit = axis->percent ? "\u00a0%" : "";
    if (axis->logarithmic) {
        snprintf(text, AXIS_LABEL, "%.3g%s", value, unit);
    } else if (size >= 1e5 || (size < 1e-3 && size > 0)) {
        snprintf(text, AXIS_LABEL, "%.3g%s", fabs(value) < step / 2 ? 0 : value, unit);
    } else {
        int decimals = step > 0 && step < 1 ? (int)ceil(-log10(step) - 1e-9) : 0;
        snprintf(text, AXIS_LABEL, "%.*f%s", decimals, fabs(value) < step / 2 ? 0 : value, unit);
    }
    return text;
}
