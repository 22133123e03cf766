# SPDX-License-Identifier: MIT
# Fuzzes for a few SECONDS, starting from what is in the directories CORPUS. An input that fails is
# kept in FOUND-failed.
file(REMOVE_RECURSE "${FOUND}")
file(MAKE_DIRECTORY "${FOUND}" "${FOUND}-failed")
foreach(directory IN LISTS CORPUS)
    if(IS_DIRECTORY "${directory}")
        file(COPY "${directory}/" DESTINATION "${FOUND}")
    endif()
endforeach()
set(dict)
if(EXISTS "${DICT}")
    set(dict "-dict=${DICT}")
endif()
execute_process(
    COMMAND "${FUZZER}" ${dict} -max_total_time=${SECONDS} -timeout=10 -rss_limit_mb=1024
        -print_final_stats=1 "-artifact_prefix=${FOUND}-failed/" "${FOUND}"
    RESULT_VARIABLE result)
if(NOT result EQUAL 0)
    message(FATAL_ERROR "${FUZZER} failed; its input is in ${FOUND}-failed")
endif()
