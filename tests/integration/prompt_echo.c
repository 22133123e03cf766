/* SPDX-License-Identifier: MIT */
/* Says what the prompt of dtuctl gives; for prompt.py. */
#include <stdio.h>

#include "prompt.h"
#include "stop.h"

int main(void)
{
    static struct prompt prompt;
    enum prompt_event event;
    const char *line;

    if (!stop_catch())
        return 1;
    prompt_open(&prompt, dtu_profile_find("k7"));
    while ((event = prompt_read(&prompt, "AT> ", &line)) == PROMPT_LINE)
        printf("[%s]\n", line);
    prompt_close(&prompt);
    printf("%s %d\n", event == PROMPT_END ? "end" : "stopped", stop_signal());
    return 0;
}
