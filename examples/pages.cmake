# SPDX-License-Identifier: MIT
# What a program says of itself, as files for man and bash:
#
#     cmake -D PROGRAM=dtuctl -D "EMULATOR=..." -D NAME=dtuctl -D DIR=... -P pages.cmake
#
# dtuctl prints its own; for softdtu they are made from its --help.
cmake_minimum_required(VERSION 3.20)

function(run output)
    execute_process(COMMAND ${EMULATOR} "${PROGRAM}" ${ARGN}
        OUTPUT_VARIABLE text RESULT_VARIABLE result)
    if(NOT result EQUAL 0)
        message(FATAL_ERROR "${PROGRAM} ${ARGN} failed: ${result}")
    endif()
    set(${output} "${text}" PARENT_SCOPE)
endfunction()

if(NAME STREQUAL "dtuctl")
    run(man help man)
    run(bash help bash)
else()
    run(help --help)
    run(version --version)
    string(STRIP "${version}" version)
    string(REGEX REPLACE "^[^ ]* " "" version "${version}")
    string(REGEX MATCHALL "\n  --[a-z0-9-]+" options "${help}, --version")
    string(REPLACE "\n  " "" options "${options}")
    string(REPLACE ";" " " options "${options}")
    string(TOUPPER "${NAME}" title)
    string(REPLACE "\\" "\\e" help "${help}")
    string(REPLACE "-" "\\-" help "${help}")
    string(CONCAT man
        ".\\\" Made from \"${NAME} --help\".\n"
        ".TH ${title} 1 \"\" \"libdtu ${version}\" \"User Commands\"\n"
        ".SH NAME\n"
        "${NAME} \\- a serial\\-to\\-network module in software\n"
        ".SH DESCRIPTION\n"
        ".nf\n"
        "${help}"
        ".fi\n"
        ".SH SEE ALSO\n"
        ".BR dtuctl (1)\n")
    set(bash "complete -o default -W \"${options} --version\" ${NAME}\n")
endif()
file(WRITE "${DIR}/${NAME}.1" "${man}")
file(WRITE "${DIR}/${NAME}.bash" "${bash}")
