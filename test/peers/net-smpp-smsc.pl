#!/usr/bin/perl
# An SMSC on Net::SMPP for the tests: it prints its port, then every unit it gets as a line of JSON, answers
# submissions with rising ids, and reports each as delivered. One peer after another.
use strict;
use warnings;
use IO::Socket;
use JSON::PP;
use Net::SMPP;

my ($receipts) = @ARGV;    # 'text' or 'tlv'
$| = 1;
my $json = JSON::PP->new->canonical->latin1;
my $server = Net::SMPP->new_listen('127.0.0.1', smpp_version => 0x34, interface_version => 0x34, port => 0)
    or die "cannot listen: $!";
print $json->encode({ port => $server->sockport }), "\n";

my $id = 0;
my $sequence = 1000;
while (my $peer = $server->accept) {
    while (my $pdu = $peer->read_pdu) {
        my $name = Net::SMPP::pdu_tab->{ $pdu->{cmd} }{cmd};
        my %said = (command => $name, sequence => $pdu->{seq}, status => $pdu->{status});
        for my $field (qw(source_addr source_addr_ton destination_addr dest_addr_ton esm_class data_coding
                          validity_period registered_delivery system_id protocol_id)) {
            $said{$field} = $pdu->{$field} if defined $pdu->{$field};
        }
        for my $octets (qw(short_message user_message_reference sar_msg_ref_num sar_total_segments sar_segment_seqnum
                           message_payload ussd_service_op)) {
            $said{$octets} = unpack('H*', $pdu->{$octets}) if defined $pdu->{$octets};
        }
        print $json->encode(\%said), "\n";
        if ($name =~ /^bind_(transceiver|transmitter|receiver)$/) {
            my $reply = "${name}_resp";
            $peer->set_version(0x34);
            $peer->$reply(system_id => 'net-smpp', seq => $pdu->{seq});
        } elsif ($name eq 'submit_sm') {
            my $number = sprintf('%08x', ++$id);
            $peer->submit_sm_resp(message_id => $number, seq => $pdu->{seq});
            next unless $pdu->{registered_delivery};
            my $text = "id:$number sub:001 dlvrd:001 submit date:2601051200 done date:2601051200 "
                . 'stat:DELIVRD err:000 text:';
            # The message's data coding on an ASCII receipt, as some SMSCs have it.
            my %about = $receipts eq 'tlv'
                ? (short_message => '', receipted_message_id => "$number\0", message_state => pack('C', 2))
                : (short_message => $text, data_coding => $pdu->{data_coding});
            $peer->deliver_sm(
                seq => ++$sequence, async => 1, esm_class => 4,
                source_addr => $pdu->{destination_addr}, source_addr_ton => 1, source_addr_npi => 1,
                destination_addr => $pdu->{source_addr}, %about,
            );
        } elsif ($name eq 'enquire_link') {
            $peer->enquire_link_resp(seq => $pdu->{seq});
        } elsif ($name eq 'unbind') {
            $peer->unbind_resp(seq => $pdu->{seq});
            last;
        }
    }
    close $peer;
}
