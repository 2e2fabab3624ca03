# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_derm_global_optspecs
    string join \n json q/quiet v/verbose cd= j/jobs= color= h/help V/version
end

function __fish_derm_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_derm_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_derm_using_subcommand
    set -l cmd (__fish_derm_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c derm -n "__fish_derm_needs_command" -l cd -d 'Run as if started in DIR' -r -f -a "(__fish_complete_directories)"
complete -c derm -n "__fish_derm_needs_command" -s j -l jobs -d 'Use at most N threads [default: as many as the machine has]' -r
complete -c derm -n "__fish_derm_needs_command" -l color -d 'When to use colour' -r -f -a "auto\t''
always\t''
never\t''"
complete -c derm -n "__fish_derm_needs_command" -l json -d 'Print one JSON document on stdout, and nothing else there'
complete -c derm -n "__fish_derm_needs_command" -s q -l quiet -d 'Print no remarks and no progress on stderr'
complete -c derm -n "__fish_derm_needs_command" -s v -l verbose -d 'Say more about what is done and why; may be repeated'
complete -c derm -n "__fish_derm_needs_command" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c derm -n "__fish_derm_needs_command" -s V -l version -d 'Print version'
complete -c derm -n "__fish_derm_needs_command" -f -a "init" -d 'Make this folder a derm repository'
complete -c derm -n "__fish_derm_needs_command" -f -a "add" -d 'Track files or folders by content hash'
complete -c derm -n "__fish_derm_needs_command" -f -a "status" -d 'Show what changed: data, and stages that are stale'
complete -c derm -n "__fish_derm_needs_command" -f -a "checkout" -d 'Make files match their pointers and locks'
complete -c derm -n "__fish_derm_needs_command" -f -a "diff" -d 'Show which tracked files differ between two revisions'
complete -c derm -n "__fish_derm_needs_command" -f -a "doctor" -d 'Check this machine, this repository and its cache'
complete -c derm -n "__fish_derm_needs_command" -f -a "repro" -d 'Run the stages of the pipelines that are stale'
complete -c derm -n "__fish_derm_needs_command" -f -a "dag" -d 'Draw the graph of stages'
complete -c derm -n "__fish_derm_needs_command" -f -a "params" -d 'Show parameters'
complete -c derm -n "__fish_derm_needs_command" -f -a "metrics" -d 'Show metrics'
complete -c derm -n "__fish_derm_needs_command" -f -a "data" -d 'Ingest, split, audit and describe image datasets'
complete -c derm -n "__fish_derm_needs_command" -f -a "train" -d 'Train a network'
complete -c derm -n "__fish_derm_needs_command" -f -a "predict" -d 'Predict classes of images with a trained model'
complete -c derm -n "__fish_derm_needs_command" -f -a "evaluate" -d 'Evaluate a model or a table of predictions'
complete -c derm -n "__fish_derm_needs_command" -f -a "drift" -d 'Compare current images or predictions with a reference'
complete -c derm -n "__fish_derm_needs_command" -f -a "export" -d 'Export a trained model'
complete -c derm -n "__fish_derm_needs_command" -f -a "runs" -d 'List, show and compare runs'
complete -c derm -n "__fish_derm_needs_command" -f -a "completions" -d 'Print the completions of a shell'
complete -c derm -n "__fish_derm_needs_command" -f -a "man" -d 'Write the man pages into a folder'
complete -c derm -n "__fish_derm_using_subcommand init" -l cd -d 'Run as if started in DIR' -r -f -a "(__fish_complete_directories)"
complete -c derm -n "__fish_derm_using_subcommand init" -s j -l jobs -d 'Use at most N threads [default: as many as the machine has]' -r
complete -c derm -n "__fish_derm_using_subcommand init" -l color -d 'When to use colour' -r -f -a "auto\t''
always\t''
never\t''"
complete -c derm -n "__fish_derm_using_subcommand init" -l git -d 'Also create a git repository, unless the folder lies in one'
complete -c derm -n "__fish_derm_using_subcommand init" -l json -d 'Print one JSON document on stdout, and nothing else there'
complete -c derm -n "__fish_derm_using_subcommand init" -s q -l quiet -d 'Print no remarks and no progress on stderr'
complete -c derm -n "__fish_derm_using_subcommand init" -s v -l verbose -d 'Say more about what is done and why; may be repeated'
complete -c derm -n "__fish_derm_using_subcommand init" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c derm -n "__fish_derm_using_subcommand add" -l cd -d 'Run as if started in DIR' -r -f -a "(__fish_complete_directories)"
complete -c derm -n "__fish_derm_using_subcommand add" -s j -l jobs -d 'Use at most N threads [default: as many as the machine has]' -r
complete -c derm -n "__fish_derm_using_subcommand add" -l color -d 'When to use colour' -r -f -a "auto\t''
always\t''
never\t''"
complete -c derm -n "__fish_derm_using_subcommand add" -l json -d 'Print one JSON document on stdout, and nothing else there'
complete -c derm -n "__fish_derm_using_subcommand add" -s q -l quiet -d 'Print no remarks and no progress on stderr'
complete -c derm -n "__fish_derm_using_subcommand add" -s v -l verbose -d 'Say more about what is done and why; may be repeated'
complete -c derm -n "__fish_derm_using_subcommand add" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c derm -n "__fish_derm_using_subcommand status" -l cd -d 'Run as if started in DIR' -r -f -a "(__fish_complete_directories)"
complete -c derm -n "__fish_derm_using_subcommand status" -s j -l jobs -d 'Use at most N threads [default: as many as the machine has]' -r
complete -c derm -n "__fish_derm_using_subcommand status" -l color -d 'When to use colour' -r -f -a "auto\t''
always\t''
never\t''"
complete -c derm -n "__fish_derm_using_subcommand status" -l json -d 'Print one JSON document on stdout, and nothing else there'
complete -c derm -n "__fish_derm_using_subcommand status" -s q -l quiet -d 'Print no remarks and no progress on stderr'
complete -c derm -n "__fish_derm_using_subcommand status" -s v -l verbose -d 'Say more about what is done and why; may be repeated'
complete -c derm -n "__fish_derm_using_subcommand status" -s h -l help -d 'Print help'
complete -c derm -n "__fish_derm_using_subcommand checkout" -l cd -d 'Run as if started in DIR' -r -f -a "(__fish_complete_directories)"
complete -c derm -n "__fish_derm_using_subcommand checkout" -s j -l jobs -d 'Use at most N threads [default: as many as the machine has]' -r
complete -c derm -n "__fish_derm_using_subcommand checkout" -l color -d 'When to use colour' -r -f -a "auto\t''
always\t''
never\t''"
complete -c derm -n "__fish_derm_using_subcommand checkout" -s f -l force -d 'Overwrite and remove changed files even if their content is nowhere else'
complete -c derm -n "__fish_derm_using_subcommand checkout" -l json -d 'Print one JSON document on stdout, and nothing else there'
complete -c derm -n "__fish_derm_using_subcommand checkout" -s q -l quiet -d 'Print no remarks and no progress on stderr'
complete -c derm -n "__fish_derm_using_subcommand checkout" -s v -l verbose -d 'Say more about what is done and why; may be repeated'
complete -c derm -n "__fish_derm_using_subcommand checkout" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c derm -n "__fish_derm_using_subcommand diff" -l cd -d 'Run as if started in DIR' -r -f -a "(__fish_complete_directories)"
complete -c derm -n "__fish_derm_using_subcommand diff" -s j -l jobs -d 'Use at most N threads [default: as many as the machine has]' -r
complete -c derm -n "__fish_derm_using_subcommand diff" -l color -d 'When to use colour' -r -f -a "auto\t''
always\t''
never\t''"
complete -c derm -n "__fish_derm_using_subcommand diff" -l exit-code -d 'Exit with code 3 when there are differences'
complete -c derm -n "__fish_derm_using_subcommand diff" -l json -d 'Print one JSON document on stdout, and nothing else there'
complete -c derm -n "__fish_derm_using_subcommand diff" -s q -l quiet -d 'Print no remarks and no progress on stderr'
complete -c derm -n "__fish_derm_using_subcommand diff" -s v -l verbose -d 'Say more about what is done and why; may be repeated'
complete -c derm -n "__fish_derm_using_subcommand diff" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c derm -n "__fish_derm_using_subcommand doctor" -l cd -d 'Run as if started in DIR' -r -f -a "(__fish_complete_directories)"
complete -c derm -n "__fish_derm_using_subcommand doctor" -s j -l jobs -d 'Use at most N threads [default: as many as the machine has]' -r
complete -c derm -n "__fish_derm_using_subcommand doctor" -l color -d 'When to use colour' -r -f -a "auto\t''
always\t''
never\t''"
complete -c derm -n "__fish_derm_using_subcommand doctor" -l verify -d 'Read and hash every object of the cache; damaged ones are set aside'
complete -c derm -n "__fish_derm_using_subcommand doctor" -l json -d 'Print one JSON document on stdout, and nothing else there'
complete -c derm -n "__fish_derm_using_subcommand doctor" -s q -l quiet -d 'Print no remarks and no progress on stderr'
complete -c derm -n "__fish_derm_using_subcommand doctor" -s v -l verbose -d 'Say more about what is done and why; may be repeated'
complete -c derm -n "__fish_derm_using_subcommand doctor" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c derm -n "__fish_derm_using_subcommand repro" -l cd -d 'Run as if started in DIR' -r -f -a "(__fish_complete_directories)"
complete -c derm -n "__fish_derm_using_subcommand repro" -s j -l jobs -d 'Use at most N threads [default: as many as the machine has]' -r
complete -c derm -n "__fish_derm_using_subcommand repro" -l color -d 'When to use colour' -r -f -a "auto\t''
always\t''
never\t''"
complete -c derm -n "__fish_derm_using_subcommand repro" -l json -d 'Print one JSON document on stdout, and nothing else there'
complete -c derm -n "__fish_derm_using_subcommand repro" -s q -l quiet -d 'Print no remarks and no progress on stderr'
complete -c derm -n "__fish_derm_using_subcommand repro" -s v -l verbose -d 'Say more about what is done and why; may be repeated'
complete -c derm -n "__fish_derm_using_subcommand repro" -s h -l help -d 'Print help'
complete -c derm -n "__fish_derm_using_subcommand dag" -l cd -d 'Run as if started in DIR' -r -f -a "(__fish_complete_directories)"
complete -c derm -n "__fish_derm_using_subcommand dag" -s j -l jobs -d 'Use at most N threads [default: as many as the machine has]' -r
complete -c derm -n "__fish_derm_using_subcommand dag" -l color -d 'When to use colour' -r -f -a "auto\t''
always\t''
never\t''"
complete -c derm -n "__fish_derm_using_subcommand dag" -l json -d 'Print one JSON document on stdout, and nothing else there'
complete -c derm -n "__fish_derm_using_subcommand dag" -s q -l quiet -d 'Print no remarks and no progress on stderr'
complete -c derm -n "__fish_derm_using_subcommand dag" -s v -l verbose -d 'Say more about what is done and why; may be repeated'
complete -c derm -n "__fish_derm_using_subcommand dag" -s h -l help -d 'Print help'
complete -c derm -n "__fish_derm_using_subcommand params" -l cd -d 'Run as if started in DIR' -r -f -a "(__fish_complete_directories)"
complete -c derm -n "__fish_derm_using_subcommand params" -s j -l jobs -d 'Use at most N threads [default: as many as the machine has]' -r
complete -c derm -n "__fish_derm_using_subcommand params" -l color -d 'When to use colour' -r -f -a "auto\t''
always\t''
never\t''"
complete -c derm -n "__fish_derm_using_subcommand params" -l json -d 'Print one JSON document on stdout, and nothing else there'
complete -c derm -n "__fish_derm_using_subcommand params" -s q -l quiet -d 'Print no remarks and no progress on stderr'
complete -c derm -n "__fish_derm_using_subcommand params" -s v -l verbose -d 'Say more about what is done and why; may be repeated'
complete -c derm -n "__fish_derm_using_subcommand params" -s h -l help -d 'Print help'
complete -c derm -n "__fish_derm_using_subcommand metrics" -l cd -d 'Run as if started in DIR' -r -f -a "(__fish_complete_directories)"
complete -c derm -n "__fish_derm_using_subcommand metrics" -s j -l jobs -d 'Use at most N threads [default: as many as the machine has]' -r
complete -c derm -n "__fish_derm_using_subcommand metrics" -l color -d 'When to use colour' -r -f -a "auto\t''
always\t''
never\t''"
complete -c derm -n "__fish_derm_using_subcommand metrics" -l json -d 'Print one JSON document on stdout, and nothing else there'
complete -c derm -n "__fish_derm_using_subcommand metrics" -s q -l quiet -d 'Print no remarks and no progress on stderr'
complete -c derm -n "__fish_derm_using_subcommand metrics" -s v -l verbose -d 'Say more about what is done and why; may be repeated'
complete -c derm -n "__fish_derm_using_subcommand metrics" -s h -l help -d 'Print help'
complete -c derm -n "__fish_derm_using_subcommand data" -l cd -d 'Run as if started in DIR' -r -f -a "(__fish_complete_directories)"
complete -c derm -n "__fish_derm_using_subcommand data" -s j -l jobs -d 'Use at most N threads [default: as many as the machine has]' -r
complete -c derm -n "__fish_derm_using_subcommand data" -l color -d 'When to use colour' -r -f -a "auto\t''
always\t''
never\t''"
complete -c derm -n "__fish_derm_using_subcommand data" -l json -d 'Print one JSON document on stdout, and nothing else there'
complete -c derm -n "__fish_derm_using_subcommand data" -s q -l quiet -d 'Print no remarks and no progress on stderr'
complete -c derm -n "__fish_derm_using_subcommand data" -s v -l verbose -d 'Say more about what is done and why; may be repeated'
complete -c derm -n "__fish_derm_using_subcommand data" -s h -l help -d 'Print help'
complete -c derm -n "__fish_derm_using_subcommand train" -l cd -d 'Run as if started in DIR' -r -f -a "(__fish_complete_directories)"
complete -c derm -n "__fish_derm_using_subcommand train" -s j -l jobs -d 'Use at most N threads [default: as many as the machine has]' -r
complete -c derm -n "__fish_derm_using_subcommand train" -l color -d 'When to use colour' -r -f -a "auto\t''
always\t''
never\t''"
complete -c derm -n "__fish_derm_using_subcommand train" -l json -d 'Print one JSON document on stdout, and nothing else there'
complete -c derm -n "__fish_derm_using_subcommand train" -s q -l quiet -d 'Print no remarks and no progress on stderr'
complete -c derm -n "__fish_derm_using_subcommand train" -s v -l verbose -d 'Say more about what is done and why; may be repeated'
complete -c derm -n "__fish_derm_using_subcommand train" -s h -l help -d 'Print help'
complete -c derm -n "__fish_derm_using_subcommand predict" -l cd -d 'Run as if started in DIR' -r -f -a "(__fish_complete_directories)"
complete -c derm -n "__fish_derm_using_subcommand predict" -s j -l jobs -d 'Use at most N threads [default: as many as the machine has]' -r
complete -c derm -n "__fish_derm_using_subcommand predict" -l color -d 'When to use colour' -r -f -a "auto\t''
always\t''
never\t''"
complete -c derm -n "__fish_derm_using_subcommand predict" -l json -d 'Print one JSON document on stdout, and nothing else there'
complete -c derm -n "__fish_derm_using_subcommand predict" -s q -l quiet -d 'Print no remarks and no progress on stderr'
complete -c derm -n "__fish_derm_using_subcommand predict" -s v -l verbose -d 'Say more about what is done and why; may be repeated'
complete -c derm -n "__fish_derm_using_subcommand predict" -s h -l help -d 'Print help'
complete -c derm -n "__fish_derm_using_subcommand evaluate" -l cd -d 'Run as if started in DIR' -r -f -a "(__fish_complete_directories)"
complete -c derm -n "__fish_derm_using_subcommand evaluate" -s j -l jobs -d 'Use at most N threads [default: as many as the machine has]' -r
complete -c derm -n "__fish_derm_using_subcommand evaluate" -l color -d 'When to use colour' -r -f -a "auto\t''
always\t''
never\t''"
complete -c derm -n "__fish_derm_using_subcommand evaluate" -l json -d 'Print one JSON document on stdout, and nothing else there'
complete -c derm -n "__fish_derm_using_subcommand evaluate" -s q -l quiet -d 'Print no remarks and no progress on stderr'
complete -c derm -n "__fish_derm_using_subcommand evaluate" -s v -l verbose -d 'Say more about what is done and why; may be repeated'
complete -c derm -n "__fish_derm_using_subcommand evaluate" -s h -l help -d 'Print help'
complete -c derm -n "__fish_derm_using_subcommand drift" -l cd -d 'Run as if started in DIR' -r -f -a "(__fish_complete_directories)"
complete -c derm -n "__fish_derm_using_subcommand drift" -s j -l jobs -d 'Use at most N threads [default: as many as the machine has]' -r
complete -c derm -n "__fish_derm_using_subcommand drift" -l color -d 'When to use colour' -r -f -a "auto\t''
always\t''
never\t''"
complete -c derm -n "__fish_derm_using_subcommand drift" -l json -d 'Print one JSON document on stdout, and nothing else there'
complete -c derm -n "__fish_derm_using_subcommand drift" -s q -l quiet -d 'Print no remarks and no progress on stderr'
complete -c derm -n "__fish_derm_using_subcommand drift" -s v -l verbose -d 'Say more about what is done and why; may be repeated'
complete -c derm -n "__fish_derm_using_subcommand drift" -s h -l help -d 'Print help'
complete -c derm -n "__fish_derm_using_subcommand export" -l cd -d 'Run as if started in DIR' -r -f -a "(__fish_complete_directories)"
complete -c derm -n "__fish_derm_using_subcommand export" -s j -l jobs -d 'Use at most N threads [default: as many as the machine has]' -r
complete -c derm -n "__fish_derm_using_subcommand export" -l color -d 'When to use colour' -r -f -a "auto\t''
always\t''
never\t''"
complete -c derm -n "__fish_derm_using_subcommand export" -l json -d 'Print one JSON document on stdout, and nothing else there'
complete -c derm -n "__fish_derm_using_subcommand export" -s q -l quiet -d 'Print no remarks and no progress on stderr'
complete -c derm -n "__fish_derm_using_subcommand export" -s v -l verbose -d 'Say more about what is done and why; may be repeated'
complete -c derm -n "__fish_derm_using_subcommand export" -s h -l help -d 'Print help'
complete -c derm -n "__fish_derm_using_subcommand runs; and not __fish_seen_subcommand_from list show compare" -l cd -d 'Run as if started in DIR' -r -f -a "(__fish_complete_directories)"
complete -c derm -n "__fish_derm_using_subcommand runs; and not __fish_seen_subcommand_from list show compare" -s j -l jobs -d 'Use at most N threads [default: as many as the machine has]' -r
complete -c derm -n "__fish_derm_using_subcommand runs; and not __fish_seen_subcommand_from list show compare" -l color -d 'When to use colour' -r -f -a "auto\t''
always\t''
never\t''"
complete -c derm -n "__fish_derm_using_subcommand runs; and not __fish_seen_subcommand_from list show compare" -l json -d 'Print one JSON document on stdout, and nothing else there'
complete -c derm -n "__fish_derm_using_subcommand runs; and not __fish_seen_subcommand_from list show compare" -s q -l quiet -d 'Print no remarks and no progress on stderr'
complete -c derm -n "__fish_derm_using_subcommand runs; and not __fish_seen_subcommand_from list show compare" -s v -l verbose -d 'Say more about what is done and why; may be repeated'
complete -c derm -n "__fish_derm_using_subcommand runs; and not __fish_seen_subcommand_from list show compare" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c derm -n "__fish_derm_using_subcommand runs; and not __fish_seen_subcommand_from list show compare" -f -a "list" -d 'List runs, newest first'
complete -c derm -n "__fish_derm_using_subcommand runs; and not __fish_seen_subcommand_from list show compare" -f -a "show" -d 'Show one run'
complete -c derm -n "__fish_derm_using_subcommand runs; and not __fish_seen_subcommand_from list show compare" -f -a "compare" -d 'Compare runs side by side'
complete -c derm -n "__fish_derm_using_subcommand runs; and __fish_seen_subcommand_from list" -l experiment -d 'Only the runs of this experiment' -r
complete -c derm -n "__fish_derm_using_subcommand runs; and __fish_seen_subcommand_from list" -l status -d 'Only runs that ended so, or are still running' -r -f -a "running\t''
finished\t''
failed\t''
interrupted\t''
crashed\t''"
complete -c derm -n "__fish_derm_using_subcommand runs; and __fish_seen_subcommand_from list" -l sort -d 'Sort by a metric\'s best value, a parameter, `started` or `duration`; best or newest first' -r
complete -c derm -n "__fish_derm_using_subcommand runs; and __fish_seen_subcommand_from list" -s n -l limit -d 'List at most N runs' -r
complete -c derm -n "__fish_derm_using_subcommand runs; and __fish_seen_subcommand_from list" -l columns -d 'Also show these metrics and parameters, separated by commas' -r
complete -c derm -n "__fish_derm_using_subcommand runs; and __fish_seen_subcommand_from list" -l cd -d 'Run as if started in DIR' -r -f -a "(__fish_complete_directories)"
complete -c derm -n "__fish_derm_using_subcommand runs; and __fish_seen_subcommand_from list" -s j -l jobs -d 'Use at most N threads [default: as many as the machine has]' -r
complete -c derm -n "__fish_derm_using_subcommand runs; and __fish_seen_subcommand_from list" -l color -d 'When to use colour' -r -f -a "auto\t''
always\t''
never\t''"
complete -c derm -n "__fish_derm_using_subcommand runs; and __fish_seen_subcommand_from list" -l reverse -d 'Turn the order round'
complete -c derm -n "__fish_derm_using_subcommand runs; and __fish_seen_subcommand_from list" -l json -d 'Print one JSON document on stdout, and nothing else there'
complete -c derm -n "__fish_derm_using_subcommand runs; and __fish_seen_subcommand_from list" -s q -l quiet -d 'Print no remarks and no progress on stderr'
complete -c derm -n "__fish_derm_using_subcommand runs; and __fish_seen_subcommand_from list" -s v -l verbose -d 'Say more about what is done and why; may be repeated'
complete -c derm -n "__fish_derm_using_subcommand runs; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c derm -n "__fish_derm_using_subcommand runs; and __fish_seen_subcommand_from show" -l history -d 'Also show every value of these metrics, separated by commas' -r
complete -c derm -n "__fish_derm_using_subcommand runs; and __fish_seen_subcommand_from show" -l cd -d 'Run as if started in DIR' -r -f -a "(__fish_complete_directories)"
complete -c derm -n "__fish_derm_using_subcommand runs; and __fish_seen_subcommand_from show" -s j -l jobs -d 'Use at most N threads [default: as many as the machine has]' -r
complete -c derm -n "__fish_derm_using_subcommand runs; and __fish_seen_subcommand_from show" -l color -d 'When to use colour' -r -f -a "auto\t''
always\t''
never\t''"
complete -c derm -n "__fish_derm_using_subcommand runs; and __fish_seen_subcommand_from show" -l json -d 'Print one JSON document on stdout, and nothing else there'
complete -c derm -n "__fish_derm_using_subcommand runs; and __fish_seen_subcommand_from show" -s q -l quiet -d 'Print no remarks and no progress on stderr'
complete -c derm -n "__fish_derm_using_subcommand runs; and __fish_seen_subcommand_from show" -s v -l verbose -d 'Say more about what is done and why; may be repeated'
complete -c derm -n "__fish_derm_using_subcommand runs; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help'
complete -c derm -n "__fish_derm_using_subcommand runs; and __fish_seen_subcommand_from compare" -l cd -d 'Run as if started in DIR' -r -f -a "(__fish_complete_directories)"
complete -c derm -n "__fish_derm_using_subcommand runs; and __fish_seen_subcommand_from compare" -s j -l jobs -d 'Use at most N threads [default: as many as the machine has]' -r
complete -c derm -n "__fish_derm_using_subcommand runs; and __fish_seen_subcommand_from compare" -l color -d 'When to use colour' -r -f -a "auto\t''
always\t''
never\t''"
complete -c derm -n "__fish_derm_using_subcommand runs; and __fish_seen_subcommand_from compare" -l all -d 'Also show the parameters that are equal'
complete -c derm -n "__fish_derm_using_subcommand runs; and __fish_seen_subcommand_from compare" -l json -d 'Print one JSON document on stdout, and nothing else there'
complete -c derm -n "__fish_derm_using_subcommand runs; and __fish_seen_subcommand_from compare" -s q -l quiet -d 'Print no remarks and no progress on stderr'
complete -c derm -n "__fish_derm_using_subcommand runs; and __fish_seen_subcommand_from compare" -s v -l verbose -d 'Say more about what is done and why; may be repeated'
complete -c derm -n "__fish_derm_using_subcommand runs; and __fish_seen_subcommand_from compare" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c derm -n "__fish_derm_using_subcommand completions" -l cd -d 'Run as if started in DIR' -r -f -a "(__fish_complete_directories)"
complete -c derm -n "__fish_derm_using_subcommand completions" -s j -l jobs -d 'Use at most N threads [default: as many as the machine has]' -r
complete -c derm -n "__fish_derm_using_subcommand completions" -l color -d 'When to use colour' -r -f -a "auto\t''
always\t''
never\t''"
complete -c derm -n "__fish_derm_using_subcommand completions" -l json -d 'Print one JSON document on stdout, and nothing else there'
complete -c derm -n "__fish_derm_using_subcommand completions" -s q -l quiet -d 'Print no remarks and no progress on stderr'
complete -c derm -n "__fish_derm_using_subcommand completions" -s v -l verbose -d 'Say more about what is done and why; may be repeated'
complete -c derm -n "__fish_derm_using_subcommand completions" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c derm -n "__fish_derm_using_subcommand man" -l cd -d 'Run as if started in DIR' -r -f -a "(__fish_complete_directories)"
complete -c derm -n "__fish_derm_using_subcommand man" -s j -l jobs -d 'Use at most N threads [default: as many as the machine has]' -r
complete -c derm -n "__fish_derm_using_subcommand man" -l color -d 'When to use colour' -r -f -a "auto\t''
always\t''
never\t''"
complete -c derm -n "__fish_derm_using_subcommand man" -l json -d 'Print one JSON document on stdout, and nothing else there'
complete -c derm -n "__fish_derm_using_subcommand man" -s q -l quiet -d 'Print no remarks and no progress on stderr'
complete -c derm -n "__fish_derm_using_subcommand man" -s v -l verbose -d 'Say more about what is done and why; may be repeated'
complete -c derm -n "__fish_derm_using_subcommand man" -s h -l help -d 'Print help (see more with \'--help\')'
